"""The demo: made-up work of any scale, written in bulk as the product's commands would leave it.

`story` makes it, step by step.
Who and what: `places`, `bodies`, `people`, `paper`, `others`, `wording`.
What happens to which obligation: `calendar`, `courses`, `terms`, `steps`, `lives`, `draw`.
The rows: `work`, `plans`, `filings`, `figures`, `acts`, `record`, `history`.
How millions of them are written: `sink`, `bare`.
"""
