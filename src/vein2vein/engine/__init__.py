"""Floor 2b: apply rule sets to timelines. Two engines that must agree: a plain definition and a fast twin."""
