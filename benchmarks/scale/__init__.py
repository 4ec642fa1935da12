"""How the engine scales: events against size, threads, memory, and the limit of the machine."""
