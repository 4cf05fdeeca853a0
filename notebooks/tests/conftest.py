import pytest


@pytest.fixture(autouse=True)
def offline(monkeypatch, tmp_path):
    """Weights and engine that need nothing, and a file that tells what each epoch did; no training of another test is taken for done."""
    monkeypatch.setenv("STYLEBOOK_WEIGHTS", "offline")
    monkeypatch.setenv("STYLEBOOK_TRAININGS", str(tmp_path / "trainings"))
    monkeypatch.setenv("STYLEBOOK_PROGRESS", str(tmp_path / "progress.jsonl"))
