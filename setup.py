"""What pyproject.toml cannot say: the wheel carries the demo's rules and settings, which live in examples/."""

from pathlib import Path
from shutil import copytree, ignore_patterns

from setuptools import setup
from setuptools.command.build_py import build_py

EXAMPLE = Path(__file__).parent / "examples" / "demo"


class BuildWithExample(build_py):
    """Copies examples/demo into flows/demo/example, where an installed program looks for it."""

    def run(self) -> None:
        """Build, then copy; an editable install finds the checkout's own."""
        super().run()
        if not self.editable_mode:
            place = Path(self.build_lib) / "flows" / "demo" / "example"
            copytree(EXAMPLE, place, dirs_exist_ok=True, ignore=ignore_patterns("events.jsonl", "kustomization.yaml"))


setup(cmdclass={"build_py": BuildWithExample})
