"""The demo: made-up work of any scale, up to a nation, written set-wise and counted as the product's own commands would leave it.

`story` tells it, step by step.
Who and what: `places`, `bodies`, `people`, `paper`, `wording`.
What happens to an obligation, and to which: `calendar`, `courses`, `terms`, `steps`, `lives`, `draw`.
The rows: `work`, `plans`, `filings`, `acts`, `record`, `history`. How millions of them are written: `sink`, `bare`.
"""
