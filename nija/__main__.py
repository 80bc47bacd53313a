"""`python -m nija`."""

from nija.cli.entry import main

if __name__ == "__main__":
    main()
