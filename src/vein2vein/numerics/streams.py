"""Named random streams: one for every decision.

Place    Floor 1. Read by population, trial and the tests; nothing else draws random numbers.
In       A root seed and the names of decisions.
Out      NumPy generators that depend on (root seed, name, replication) and on nothing else.
Knows    Adding or removing a stream leaves the draws of all others as they were, on any number of processes.
Does not Use Python's hash, which changes from run to run, or any global state.
Checked  tests/unit/numerics/test_streams.py
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Streams:
    """Random streams under one root seed.

    Example:
        >>> streams = Streams(7)
        >>> float(streams["trial/arrival"].random()) == float(Streams(7)["trial/arrival"].random())
        True
    """

    root_seed: int

    def __getitem__(self, name: str) -> np.random.Generator:
        """A fresh generator at the start of the stream `name`."""
        return self.replication(name, 0)

    def replication(self, name: str, number: int) -> np.random.Generator:
        """A fresh generator of one replication of a stream; replications are independent of each other.

        Args:
            name: Decision the stream belongs to, such as "trial/arrival".
            number: Replication, from 0.
        """
        digest = hashlib.blake2b(name.encode(), digest_size=16).digest()
        words = np.frombuffer(digest, dtype=np.uint32).tolist()
        sequence = np.random.SeedSequence(entropy=self.root_seed, spawn_key=(*words, number))
        return np.random.Generator(np.random.PCG64DXSM(sequence))
