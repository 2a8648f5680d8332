"""`python -m souffleur` is the command `souffleur`."""

from souffleur.cli import entry

if __name__ == "__main__":
    entry()
