"""What the live page costs the brain that is shown, and whether memory stays flat."""
