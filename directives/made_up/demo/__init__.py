"""The demo: made-up work of any scale, written in bulk as the product's commands would leave it.

`story` makes it, step by step.
Bodies, people, documents and texts: `places`, `bodies`, `people`, `opinion`,
`further_documents`, `wording`.
The course of each obligation: `calendar`, `courses`, `terms`, `steps`, `lives`, `draw`.
Rows: `work`, `plans`, `filings`, `figures`, `paper_events`, `record`, `past_totals`.
Bulk writing: `sink`, `indexes`.
"""
