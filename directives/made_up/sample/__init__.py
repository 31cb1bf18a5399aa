"""What `manage.py load_sample` loads: a real document, a real register, and made-up progress.

The words of the document and the names of the bodies are real. Every person, figure, plan, log
entry and report is fictional; the document is marked so, and every page and export says it.
"""

from pathlib import Path

FOLDER = Path(__file__).resolve().parent
DOCUMENT = FOLDER / "opinion_2015.txt"
CONFIRMATIONS = FOLDER / "confirmations.json"
MATTERS = FOLDER / "matters.json"  # what each directive is about, by its code
BODIES = FOLDER / "organisations.csv"
