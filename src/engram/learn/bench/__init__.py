"""How learning without labels is measured: the protocol, MNIST, short sweeps, drawings."""
