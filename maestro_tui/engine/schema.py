"""The journal's tables, and the views in which anybody can ask it questions in SQL.

``event`` is the truth: rows are only ever added. The views name what people look for; they are
described with examples in docs/journal.md. Version 2 has the same tables as version 1.
"""

from __future__ import annotations

SCHEMA_VERSION = 2

_TABLES = """
CREATE TABLE IF NOT EXISTS event (
    seq     INTEGER PRIMARY KEY,
    run     TEXT NOT NULL,
    at      REAL NOT NULL,
    kind    TEXT NOT NULL,
    task    TEXT NOT NULL DEFAULT '',
    attempt INTEGER NOT NULL DEFAULT 0,
    data    TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS event_run ON event(run, seq);
CREATE TABLE IF NOT EXISTS request (
    id      INTEGER PRIMARY KEY,
    run     TEXT NOT NULL,
    kind    TEXT NOT NULL,
    key     TEXT NOT NULL,
    data    TEXT NOT NULL,
    at      REAL NOT NULL,
    by      TEXT NOT NULL,
    event   INTEGER,
    UNIQUE (run, kind, key)
);
CREATE TABLE IF NOT EXISTS session (
    run        TEXT PRIMARY KEY,
    title      TEXT NOT NULL,
    plan       TEXT NOT NULL,
    status     TEXT NOT NULL,
    tasks      INTEGER NOT NULL,
    merged     INTEGER NOT NULL,
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL
);
CREATE TRIGGER IF NOT EXISTS event_is_append_only_1 BEFORE UPDATE ON event
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER IF NOT EXISTS event_is_append_only_2 BEFORE DELETE ON event
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
"""

_VIEWS = {
    "planned_agent": """
        SELECT e.run AS run, json_extract(a.value, '$.task') AS task,
            json_extract(t.value, '$.title') AS title, json_extract(a.value, '$.agent') AS agent,
            json_extract(a.value, '$.agent_reason') AS reason,
            coalesce(json_extract(a.value, '$.model'), '') AS model,
            coalesce(json_extract(a.value, '$.wave'), 1) AS wave,
            json_extract(a.value, '$.estimate_s') AS estimate_s,
            coalesce(json_extract(a.value, '$.owned'), '[]') AS owned
        FROM event e, json_each(e.data, '$.strategy.assignments') a
        LEFT JOIN json_each(e.data, '$.strategy.plan.tasks') t
            ON json_extract(t.value, '$.id') = json_extract(a.value, '$.task')
        WHERE e.kind = 'RunCreated'""",
    "agent_log": """
        SELECT run, task, attempt, at, kind, json_extract(data, '$.activity') AS activity
        FROM event WHERE task <> ''""",
    # dependency: one waits for the other; handoff: the other's result was told to it at work;
    # collaboration: a person spoke to it, or answered a question.
    "interaction": """
        SELECT e.run AS run, e.at AS at, 'dependency' AS kind,
            json_extract(d.value, '$.after') AS source, json_extract(d.value, '$.task') AS target,
            json_extract(d.value, '$.source') AS text
        FROM event e, json_each(e.data, '$.strategy.edges') d WHERE e.kind = 'RunCreated'
        UNION ALL
        SELECT run, at, 'handoff', json_extract(data, '$.source'), task, '' FROM event
        WHERE kind = 'HandedOver' AND json_extract(data, '$.told')
        UNION ALL
        SELECT run, at, 'collaboration', json_extract(data, '$.by'), task,
            json_extract(data, '$.kind') || ' ' || json_extract(data, '$.text')
        FROM event WHERE kind = 'InstructionGiven'
        UNION ALL
        SELECT run, at, 'collaboration', json_extract(data, '$.by'),
            json_extract(data, '$.question'),
            trim(json_extract(data, '$.answer') || ' ' || json_extract(data, '$.text'))
        FROM event WHERE kind = 'DecisionMade'""",
    "checkpoint": """
        SELECT run, at, kind, json_extract(data, '$.wave') AS wave,
            json_extract(data, '$.sha') AS sha
        FROM event WHERE kind IN ('WaveTagged', 'RolledBack')""",
    "usage": """
        SELECT run, task, attempt, json_extract(data, '$.usage') AS usage,
            json_extract(data, '$.usage.input') AS input,
            json_extract(data, '$.usage.output') AS output,
            json_extract(data, '$.usage.cache_read') AS cache_read,
            json_extract(data, '$.usage.cache_write') AS cache_write,
            json_extract(data, '$.usage.cost_usd') AS cost_usd,
            json_extract(data, '$.usage.estimated_usd') AS estimated_usd
        FROM event WHERE kind = 'AgentEnded'""",
}

SCHEMA = "\n".join(
    (
        "BEGIN IMMEDIATE;",
        _TABLES,
        *(f"DROP VIEW IF EXISTS {name}; CREATE VIEW {name} AS {v};" for name, v in _VIEWS.items()),
        f"PRAGMA user_version={SCHEMA_VERSION};",
        "COMMIT;",
    )
)
