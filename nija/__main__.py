"""`python -m nija`."""

from nija.cli.app import main

if __name__ == "__main__":
    main()
