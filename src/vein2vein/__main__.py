"""`python -m vein2vein`."""

from vein2vein.cli import main

if __name__ == "__main__":
    main()
