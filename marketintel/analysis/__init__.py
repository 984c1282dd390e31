"""Pure analysis: frame in, frame out; no input or output, no plotting."""
