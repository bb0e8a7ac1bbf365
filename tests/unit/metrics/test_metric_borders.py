"""Metrics take arrays: importing all of them loads NumPy and what types need, nothing else of this project."""

import subprocess
import sys


def test_metrics_import_no_runs_predictors_or_heavy_libraries():
    code = (
        "import importlib, pkgutil, sys, analysis.metrics as metrics\n"
        "others = [['analysis', name] for name in ('run', 'storage', 'predictors', 'traces', 'selection', 'models')]\n"
        "names = [f'analysis.metrics.{module.name}' for module in pkgutil.iter_modules(metrics.__path__)]\n"
        "list(map(importlib.import_module, names))\n"
        "ours = [name for name in sys.modules if name.split('.')[:2] in others]\n"
        "heavy = {'torch', 'pandas', 'pyarrow', 'plotly', 'streamlit'} & set(sys.modules)\n"
        "sys.exit(f'{ours} {heavy}' if ours or heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
