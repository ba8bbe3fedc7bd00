"""The kinds of panels that the dashboards are made of; sizes are columns of 24 and rows of 30 px.

- `numbers`: one number whose colour says whether it is a good one; the sum of each series
- `charts`: lines, and stacked bars, over time
- `tables`: a row for each value of a label; traces that were found
- `lists`: log lines; alerts that fire
- `appearance`: what they have in common: names in legends, colours, size and title
"""
