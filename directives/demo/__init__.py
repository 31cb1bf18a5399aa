"""The demo: made-up work of any scale, up to a nation, written set-wise and counted as the product's own commands would leave it.

`story` tells it step by step. `places`, `bodies`, `people`, `paper`: who and what. `calendar`, `courses`, `lives`, `draw`: what happens to
an obligation, and to which. `work`, `filings`, `record`, `history`: the rows. `sink`, `bare`: how millions of them are written.
"""
