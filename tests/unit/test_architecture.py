"""The house rules that can be measured."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.routing import APIRoute

from storybook.core import errors
from storybook.domain.jobs import Step
from storybook.routers import books, health, library

SOURCE = Path(__file__).parents[2] / "src" / "storybook"
MODULES = sorted(SOURCE.rglob("*.py"))
MAX_MODULE_LINES = 300
MAX_FUNCTION_LINES = 50
COMMITS = {"commit", "rollback", "begin"}
MAY_COMMIT = {"core/database.py", "core/migrations.py"}
MAY_START_TASKS = {
    "core/notifications.py", "core/postgres_keeper.py", "pipeline/runner.py", "pipeline/dispatcher.py",
    "cli/server.py", "cli/make.py", "cli/worker.py", "cli/hands.py",
}  # fmt: skip
MAY_CATCH_EVERYTHING = {
    "routers/middleware.py", "services/periodic.py", "pipeline/runner.py", "pipeline/dispatcher.py",
}  # fmt: skip


def names(modules: list[Path]) -> list[str]:
    return [module.relative_to(SOURCE).as_posix() for module in modules]


def calls(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr


@pytest.mark.parametrize("module", MODULES, ids=names(MODULES))
def test_a_module_keeps_the_rules_of_the_house(module: Path) -> None:
    source = module.read_text(encoding="utf-8")
    tree = ast.parse(source)
    name = module.relative_to(SOURCE).as_posix()
    assert len(source.splitlines()) <= MAX_MODULE_LINES
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < MAX_FUNCTION_LINES, node.name
            inner = [child for child in ast.walk(node) if isinstance(child, ast.Import | ast.ImportFrom)]
            assert not inner, f"{node.name} imports inside"
        if isinstance(node, ast.ExceptHandler) and name not in MAY_CATCH_EVERYTHING:
            caught = {n.id for n in ast.walk(node.type) if isinstance(n, ast.Name)} if node.type else {"everything"}
            assert not caught & {"everything", "Exception"}, f"line {node.lineno} catches everything"
    used = set(calls(tree))
    assert name in MAY_COMMIT or not used & COMMITS
    assert name in MAY_START_TASKS or "create_task" not in used or "TaskGroup" in used


def test_every_step_has_a_module_named_after_it() -> None:
    modules = {path.stem for path in (SOURCE / "pipeline" / "steps").glob("*.py")}
    assert modules >= {step.value for step in Step}


@pytest.mark.parametrize("router", [books.router, health.router, library.router])
def test_every_route_says_what_it_answers(router: object) -> None:
    for route in router.routes:  # type: ignore[attr-defined]
        assert isinstance(route, APIRoute)
        assert route.response_model or 200 in route.responses, route.path
        assert route.summary or not route.include_in_schema
        assert route.description


def test_the_errors_that_their_tree_shows_are_there() -> None:
    shown = re.findall(r"(?:── |· )([A-Z]\w+)", errors.__doc__ or "")
    assert len(shown) > 10
    assert [name for name in shown if not hasattr(errors, name)] == []


def test_the_product_speaks_of_itself_alone() -> None:
    root = SOURCE.parents[1]
    texts = [path for folder in ("scripts", "infra") for path in (root / folder).rglob("*.*") if path.suffix != ".pyc"]
    for path in [*MODULES, *root.glob("*.md"), *texts]:
        assert ".." + "/shared" not in path.read_text(encoding="utf-8"), path
