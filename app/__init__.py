"""What people see: pages, controls and the chart component; no numerics, and the only code that imports streamlit."""
