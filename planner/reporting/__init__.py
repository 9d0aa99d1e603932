"""The report page of a self-improvement run: one HTML file with its figures and data.

| file | what |
|---|---|
| `run_folder.py` | reads the folder of a run |
| `figures.py` | the figures of a run |
| `gains.py` | what each cycle gained and forgot, and what was learned from |
| `charts.py` | charts as SVG |
| `filmstrips.py` | three episodes as filmstrips |
| `table.py` | the data of a figure, to show and download |
| `proposal_table.py` | the table of all proposals |
| `page.py` | the HTML page |
"""
