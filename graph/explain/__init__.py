"""Plans, shown: `report.py` has the one JSON form, `tree.py` and `mermaid.py` write it for people; `asking.py` goes
from a query's text to its plan.
"""
