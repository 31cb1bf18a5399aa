"""The demo: made-up work of any scale, written in bulk as the product's commands would leave it.

`story` makes it, step by step.
Who and what: `places`, `bodies`, `people`, `opinion`, `further_documents`, `wording`.
What happens to which obligation: `calendar`, `courses`, `terms`, `steps`, `lives`, `draw`.
The rows: `work`, `plans`, `filings`, `figures`, `paper_events`, `record`, `past_totals`.
How millions of them are written: `sink`, `indexes`.
"""
