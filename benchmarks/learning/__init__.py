"""What networks learn, beside the controls they have to be compared with."""
