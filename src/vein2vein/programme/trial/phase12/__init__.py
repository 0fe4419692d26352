"""Designs that look at toxicity and response together: BOIN12, U-BOIN, BOIN-ET, EffTox and TEPI."""
