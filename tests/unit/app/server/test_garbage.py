"""Objects of imported modules are frozen once, not on every run."""

import gc
import sys
import types

from app.server.garbage import freeze_what_stays


def test_objects_are_frozen_when_a_module_came_and_only_then():
    freeze_what_stays()
    try:
        before = gc.get_freeze_count()
        assert before > 0
        assert not freeze_what_stays()
        sys.modules["a_module_that_came"] = types.ModuleType("a_module_that_came")
        kept = [[i] for i in range(1000)]  # tracked, so frozen with the rest
        assert freeze_what_stays()
        assert gc.get_freeze_count() >= before + len(kept)
    finally:
        del sys.modules["a_module_that_came"]
        gc.unfreeze()
