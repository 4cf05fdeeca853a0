import pytest


@pytest.fixture(autouse=True)
def offline(monkeypatch, tmp_path):
    """Weights and engine that need nothing, and a file that tells what each epoch did."""
    monkeypatch.setenv("STYLEBOOK_WEIGHTS", "offline")
    monkeypatch.setenv("STYLEBOOK_PROGRESS", str(tmp_path / "progress.jsonl"))
