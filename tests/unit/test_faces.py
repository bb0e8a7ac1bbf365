"""What notebooks import: `import analysis` offers it, and imports nothing until it is asked for."""

import subprocess
import sys

import pytest

import analysis
import analysis.models
import analysis.policies
import analysis.results
import analysis.selection
import analysis.storage
import analysis.traces


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("find_run", analysis.storage),
        ("load_run", analysis.storage),
        ("write_run", analysis.storage),
        ("load_traces", analysis.traces),
        ("trace_logits", analysis.traces),
        ("results_of", analysis.results),
        ("policy_of", analysis.results),
        ("calibration_of", analysis.results),
        ("sets_of", analysis.results),
        ("tuning_of", analysis.results),
        ("read_rule", analysis.policies),
        ("stops_now", analysis.policies),
        ("difference_of", analysis.results),
        ("load_checkpoint", analysis.models),
        ("SampleTable", analysis.selection),
        ("Selection", analysis.selection),
    ],
)
def test_the_face_offers_what_the_packages_offer(name, package):
    assert getattr(analysis, name) is getattr(package, name)
    assert name in dir(analysis)
    assert name in analysis.__all__


def test_another_name_is_no_part_of_it():
    with pytest.raises(AttributeError, match="no attribute 'load'"):
        analysis.load  # noqa: B018


def test_importing_the_library_imports_nothing_until_a_name_is_used():
    code = (
        "import sys, analysis; heavy = {'torch', 'numpy', 'pandas', 'streamlit'}; assert not heavy & set(sys.modules);"
        "run = analysis.load_run(analysis.find_run('msdnet-cifar100')); traces = analysis.load_traces(run, 'pa');"
        "assert traces.true_class_prob.shape == (7, 10000); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PATH": "/usr/bin:/bin"})
