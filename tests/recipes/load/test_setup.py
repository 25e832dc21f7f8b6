"""What a load run is set up with before its first user."""

from __future__ import annotations

import pytest

from recorder.errors import BadScript
from recorder.recipes.load.options import Load
from recorder.recipes.load.setup import load_setup
from recorder.recipes.queries import silent
from recorder.recipes.stop import NeverStop

URL = "ws://127.0.0.1:1/x"


def set_up(tmp_path, text, **load):
    script = tmp_path / "s.yaml"
    script.write_text(text)
    return load_setup(
        script, Load(users=2, **load), archive=str(tmp_path / "a.db"), stop=NeverStop(), say=silent
    )


def test_each_user_has_a_script_with_its_number_and_the_next_token(tmp_path):
    text = "steps: [{say: 'I am ${USER}'}]"
    with set_up(tmp_path, text, url=URL, tokens=["a.a.a", "b.b.b"]) as setup:
        assert [setup.scripts.next().steps[0].arguments.text for _ in range(2)] == ["I am 1", "I am 2"]
        connects = [setup.endpoints(setup.scripts.first, user).connect["consumer"] for user in (1, 2)]
        assert [(options.url, options.token) for options in connects] == [(URL, "a.a.a"), (URL, "b.b.b")]


def test_an_agent_that_cannot_be_played_is_refused_before_anything_is_started(tmp_path):
    with pytest.raises(BadScript), set_up(tmp_path, "steps: [{say: hi}]\nagent: [{on: nonsense}]"):
        pass
    assert not (tmp_path / "a.db").exists()
