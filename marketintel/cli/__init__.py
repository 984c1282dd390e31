"""Command line."""


def main() -> None:
    """Run the command line, imported only now so that ``python -m`` finds its module unloaded."""
    from marketintel.cli.app import main as run

    run()
