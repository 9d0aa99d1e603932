"""Decoding in torch: sampling, beam search, infilling."""
