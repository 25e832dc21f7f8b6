"""The archive: frames in, frames out, nothing lost. The only room that knows SQL."""
