from pathlib import Path

from django.core.management.commands import makemessages


class Command(makemessages.Command):
    """Django's `makemessages`, with catalogs that change only if a message changes."""

    # Fuzzy matches are not used at run time.
    msgmerge_options = [*makemessages.Command.msgmerge_options, "--no-fuzzy-matching"]

    def write_po_file(self, potfile: str, locale: str) -> None:
        super().write_po_file(potfile, locale)
        catalog = Path(potfile).parent / locale / "LC_MESSAGES" / f"{self.domain}.po"
        lines = catalog.read_text(encoding="utf-8").splitlines(keepends=True)
        varying = ('"POT-Creation-Date:', '"Report-Msgid-Bugs-To:')
        text = "".join(line for line in lines if not line.startswith(varying))
        catalog.write_text(text, encoding="utf-8")
