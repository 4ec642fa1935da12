"""The live page: a brain in a browser, while it fires, learns, grows and sleeps.

`Brain.live` and ``engram live`` open it. docs/live.md is its guide, docs/live_protocol.md says what
server and page tell each other. It needs the extra `live`; nothing here imports it before a page is
opened, so that brains which were saved with a part of this package load without.
"""
