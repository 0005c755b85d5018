"""What tests have to know of how a store keeps its tasks: to look at it from outside, and to break it.

LOONG_TEST_STORE names the store that is tried, `store-files` where it is not set."""

import os
import sqlite3

NAME = "store-files"
IS_SQLITE = False
# A line of configuration that chooses the store; the default needs none.
CONFIG = ""


def choose(store):
    global NAME, IS_SQLITE, CONFIG
    if store not in ("store-files", "store-sqlite"):
        raise SystemExit(f"no such store: {store}")
    NAME = store
    IS_SQLITE = store == "store-sqlite"
    CONFIG = f"store: {{plugin: {store}}}\n" if IS_SQLITE else ""


choose(os.environ.get("LOONG_TEST_STORE", "store-files"))


def sql(home, statement, *values):
    """Runs one statement on the file of store-sqlite; the rows that it gives."""
    path = os.path.join(home, "tasks.sqlite")
    if not os.path.exists(path):
        return []
    connection = sqlite3.connect(path, timeout=30)
    try:
        rows = connection.execute(statement, values).fetchall()
        connection.commit()
        return rows
    finally:
        connection.close()


def task_ids(home):
    """The ids of all tasks, oldest first."""
    if IS_SQLITE:
        return [row[0] for row in sql(home, "SELECT id FROM tasks ORDER BY id")]
    try:
        return sorted(name for name in os.listdir(os.path.join(home, "tasks")) if name[0] != ".")
    except FileNotFoundError:
        return []


def events_text(home, task):
    """All records of a task, a line each."""
    if IS_SQLITE:
        rows = sql(home, "SELECT record FROM records JOIN tasks ON n = task WHERE tasks.id = ? "
                   "ORDER BY records.id", task)
        return "\n".join(row[0] for row in rows)
    with open(os.path.join(home, "tasks", task, "events.yaml"), encoding="utf-8",
              errors="replace") as file:
        return file.read()


def change_events(home, old, new):
    """Replaces a text of some length by another one as long, in all records of all tasks."""
    assert len(old) == len(new)
    if IS_SQLITE:
        sql(home, "UPDATE records SET record = replace(record, ?, ?)", old, new)
        return
    for task in task_ids(home):
        path = os.path.join(home, "tasks", task, "events.yaml")
        with open(path, "r+", encoding="utf-8") as file:
            text = file.read()
            if old in text:
                file.seek(0)
                file.write(text.replace(old, new))


def damage_task(home, task):
    """Makes a task unreadable."""
    if IS_SQLITE:
        sql(home, "UPDATE tasks SET summary = 'garbage' WHERE id = ?", task)
        sql(home, "UPDATE records SET record = 'garbage' WHERE id = 1 AND task = "
            "(SELECT n FROM tasks WHERE id = ?)", task)
        return
    damage_file(home, task)


def damage_file(home, task):
    """As damage_task, in store-files."""
    with open(os.path.join(home, "tasks", task, "events.yaml"), "r+b") as file:
        content = file.read()
        file.seek(len(content) // 2)
        file.write(b"\x00garbage\xff\n")


def change_document(home, task, old, new):
    if IS_SQLITE:
        found = sql(home, "SELECT document FROM documents JOIN tasks ON n = task WHERE id = ?", task)
        text = found[0][0]
        changed = text.replace(old, new)
        sql(home, "UPDATE documents SET document = ? WHERE task = (SELECT n FROM tasks WHERE id = ?)",
            changed, task)
    else:
        path = os.path.join(home, "tasks", task, "task.yaml")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        changed = text.replace(old, new)
        with open(path, "w", encoding="utf-8") as file:
            file.write(changed)
    if changed == text:
        raise AssertionError(f"the document of {task} does not say {old!r}")


def lose_what_can_be_lost(home, content=None):
    """Deletes what a store makes anew by itself, or puts `content` in its place."""
    names = ("bell", "boot.json", "store.lock") if IS_SQLITE else ("index.sqlite",)
    for name in names:
        path = os.path.join(home, name)
        if content is None:
            if os.path.exists(path):
                os.unlink(path)
        else:
            with open(path, "wb") as file:
                file.write(content)


def dump(home):
    """Everything that store-sqlite keeps, as text."""
    path = os.path.join(home, "tasks.sqlite")
    if not os.path.exists(path):
        return ""
    connection = sqlite3.connect(path, timeout=30)
    try:
        return "\n".join(connection.iterdump())
    finally:
        connection.close()
