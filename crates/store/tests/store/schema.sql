CREATE INDEX answer_sources_source ON answer_sources(source);
CREATE INDEX answers_used ON answers(used);
CREATE INDEX autosaves_draft ON autosaves(draft, at);
CREATE UNIQUE INDEX drafts_of_prompt ON drafts(project, prompt)
    WHERE prompt IS NOT NULL AND discarded IS NULL;
CREATE INDEX drafts_project ON drafts(project);
CREATE INDEX findable_draft ON findable(draft) WHERE draft IS NOT NULL;
CREATE INDEX findable_names ON findable(project) WHERE folded IS NOT NULL;
CREATE INDEX findable_prompt ON findable(project, prompt);
CREATE INDEX findable_version ON findable(version) WHERE version IS NOT NULL;
CREATE INDEX marks_kept ON marks(project, kept);
CREATE INDEX marks_source ON marks(source);
CREATE INDEX moved_tick ON moved(tick);
CREATE INDEX named_seq ON named(project, seq);
CREATE INDEX named_thing ON named(project, thing, seq) WHERE kind >= 3;
CREATE INDEX outbox_names_digest ON outbox_names(digest);
CREATE INDEX outbox_project ON outbox(project, place);
CREATE INDEX playgrounds_of ON playgrounds(project, prompt, updated);
CREATE INDEX run_sources_source ON run_sources(source);
CREATE INDEX runs_project ON runs(project, started);
CREATE INDEX set_aside_names_digest ON set_aside_names(digest);
CREATE INDEX set_aside_project ON set_aside(project);
CREATE TABLE answer_sources (
    answer BLOB NOT NULL REFERENCES answers(digest) ON DELETE CASCADE,
    source BLOB NOT NULL,
    PRIMARY KEY (answer, source)
) STRICT, WITHOUT ROWID;
CREATE TABLE answers (
    digest   BLOB PRIMARY KEY NOT NULL,
    answer   TEXT NOT NULL,
    provider TEXT NOT NULL,
    model    TEXT NOT NULL,
    at       INTEGER NOT NULL,
    used     INTEGER NOT NULL,
    size     INTEGER NOT NULL
) STRICT;
CREATE TABLE answers_held (digest BLOB PRIMARY KEY NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE answers_size (one INTEGER PRIMARY KEY CHECK (one = 1), bytes INTEGER NOT NULL) STRICT;
CREATE TABLE autosaves (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    draft    BLOB NOT NULL REFERENCES drafts(id) ON DELETE CASCADE,
    at       INTEGER NOT NULL,
    name     TEXT NOT NULL,
    base     BLOB,
    content  TEXT NOT NULL,
    message  TEXT NOT NULL,
    kept     INTEGER NOT NULL            -- 1: never thinned out
) STRICT;
CREATE TABLE content (
    digest BLOB PRIMARY KEY NOT NULL,
    bytes  BLOB NOT NULL,
    used   INTEGER NOT NULL
) STRICT;
CREATE TABLE drafts (
    id        BLOB PRIMARY KEY NOT NULL,
    project   BLOB NOT NULL REFERENCES projects(id) ON DELETE CASCADE,
    prompt    BLOB,                      -- null: of a prompt that does not exist yet
    name      TEXT NOT NULL,
    base      BLOB,
    content   TEXT NOT NULL,
    message   TEXT NOT NULL,
    created   INTEGER NOT NULL,
    updated   INTEGER NOT NULL,
    revision  INTEGER NOT NULL,
    discarded INTEGER
) STRICT;
CREATE TABLE entries (
    project BLOB NOT NULL REFERENCES projects(id) ON DELETE CASCADE,
    seq     INTEGER NOT NULL,
    digest  BLOB NOT NULL,
    line    TEXT NOT NULL,
    PRIMARY KEY (project, seq)
) STRICT;
CREATE TABLE exchanges (
    answer BLOB PRIMARY KEY NOT NULL REFERENCES answers(digest) ON DELETE CASCADE,
    bytes  BLOB NOT NULL,
    size   INTEGER NOT NULL
) STRICT;
CREATE VIRTUAL TABLE find USING fts5(text, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3');
CREATE TABLE findable (
    id      INTEGER PRIMARY KEY,
    project BLOB NOT NULL REFERENCES projects(id) ON DELETE CASCADE,
    place   INTEGER NOT NULL,            -- see search.rs
    prompt  BLOB,
    version BLOB,
    draft   BLOB,
    folded  TEXT                         -- names only: found by any part
) STRICT;
CREATE TABLE marks (
    project  BLOB NOT NULL REFERENCES projects(id) ON DELETE CASCADE,
    question BLOB NOT NULL,
    person   BLOB NOT NULL,
    at       INTEGER NOT NULL,
    kept     INTEGER NOT NULL,            -- when it came to this computer
    mark     TEXT NOT NULL,
    source   BLOB NOT NULL,
    PRIMARY KEY (project, question, person)
) STRICT, WITHOUT ROWID;
CREATE TABLE moved (
    project BLOB NOT NULL,
    area    INTEGER NOT NULL,
    tick    INTEGER NOT NULL,
    PRIMARY KEY (project, area)
) STRICT, WITHOUT ROWID;
CREATE TABLE named (
    project BLOB NOT NULL REFERENCES projects(id) ON DELETE CASCADE,
    digest  BLOB NOT NULL,
    seq     INTEGER NOT NULL,
    kind    INTEGER NOT NULL,            -- see content.rs
    thing   BLOB NOT NULL,               -- the version, release, dataset or run
    PRIMARY KEY (digest, project, seq, kind)
) STRICT, WITHOUT ROWID;
CREATE TABLE outbox (
    place     INTEGER PRIMARY KEY AUTOINCREMENT,
    project   BLOB NOT NULL REFERENCES projects(id) ON DELETE CASCADE,
    id        BLOB NOT NULL UNIQUE,
    command   TEXT NOT NULL,             -- as it is, or was, to be signed
    signature BLOB,                      -- null: waits for a key
    state     INTEGER NOT NULL,          -- see outbox.rs
    refusal   TEXT,
    seq       INTEGER,                   -- accepted: the entry that is on its way here
    created   INTEGER NOT NULL,
    changed   INTEGER NOT NULL
) STRICT;
CREATE TABLE outbox_names (
    command BLOB NOT NULL REFERENCES outbox(id) ON DELETE CASCADE,
    digest  BLOB NOT NULL,
    PRIMARY KEY (command, digest)
) STRICT, WITHOUT ROWID;
CREATE TABLE pinned (
    project BLOB NOT NULL REFERENCES projects(id) ON DELETE CASCADE,
    thing   BLOB NOT NULL,
    PRIMARY KEY (project, thing)
) STRICT, WITHOUT ROWID;
CREATE TABLE playgrounds (
    id       BLOB PRIMARY KEY NOT NULL,
    project  BLOB NOT NULL REFERENCES projects(id) ON DELETE CASCADE,
    prompt   TEXT NOT NULL,             -- the prompt's id; its draft's while it has no version
    title    TEXT NOT NULL,
    body     TEXT NOT NULL,
    typed    TEXT NOT NULL,             -- what stands in the field and is not said yet
    revision INTEGER NOT NULL,
    created  INTEGER NOT NULL,
    updated  INTEGER NOT NULL
) STRICT;
CREATE TABLE projects (
    id       BLOB PRIMARY KEY NOT NULL,
    name     TEXT NOT NULL,
    address  TEXT,                       -- null: on this computer
    person   BLOB,
    device   BLOB,                       -- the public half of this machine's key
    keys     TEXT NOT NULL,              -- the names of secrets in the keychain, never a secret
    opened   INTEGER,
    settings TEXT NOT NULL,
    sync     TEXT NOT NULL
) STRICT;
CREATE TABLE providers (
    name    TEXT PRIMARY KEY NOT NULL,
    kind    TEXT NOT NULL,
    address TEXT NOT NULL,
    model   TEXT NOT NULL,
    purpose TEXT NOT NULL,
    rest    TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE redacted (
    project BLOB NOT NULL REFERENCES projects(id) ON DELETE CASCADE,
    digest  BLOB NOT NULL,
    seq     INTEGER NOT NULL,
    PRIMARY KEY (project, digest)
) STRICT, WITHOUT ROWID;
CREATE TABLE results (
    run    BLOB NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
    place  INTEGER NOT NULL,
    side   INTEGER NOT NULL,
    result TEXT NOT NULL,
    PRIMARY KEY (run, place, side)
) STRICT, WITHOUT ROWID;
CREATE TABLE run_sources (
    run    BLOB NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
    source BLOB NOT NULL,
    PRIMARY KEY (run, source)
) STRICT, WITHOUT ROWID;
CREATE TABLE runs (
    id      BLOB PRIMARY KEY NOT NULL,
    project BLOB NOT NULL REFERENCES projects(id) ON DELETE CASCADE,
    plan    TEXT NOT NULL,
    state   TEXT NOT NULL,
    summary TEXT,
    started INTEGER NOT NULL,
    changed INTEGER NOT NULL
) STRICT;
CREATE TABLE set_aside (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    project BLOB NOT NULL REFERENCES projects(id) ON DELETE CASCADE,
    at      INTEGER NOT NULL,
    reason  TEXT NOT NULL,
    after   INTEGER NOT NULL,            -- the last entry that both histories share
    seq     INTEGER NOT NULL,            -- the last entry set aside
    digest  BLOB NOT NULL
) STRICT;
CREATE TABLE set_aside_entries (
    history INTEGER NOT NULL REFERENCES set_aside(id) ON DELETE CASCADE,
    seq     INTEGER NOT NULL,
    digest  BLOB NOT NULL,
    line    TEXT NOT NULL,
    PRIMARY KEY (history, seq)
) STRICT;
CREATE TABLE set_aside_names (
    history INTEGER NOT NULL REFERENCES set_aside(id) ON DELETE CASCADE,
    digest  BLOB NOT NULL,
    PRIMARY KEY (history, digest)
) STRICT, WITHOUT ROWID;
CREATE TABLE settings (
    key   TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE snapshots (
    project BLOB PRIMARY KEY NOT NULL REFERENCES projects(id) ON DELETE CASCADE,
    seq     INTEGER NOT NULL,
    digest  BLOB NOT NULL,
    bytes   BLOB NOT NULL
) STRICT;
CREATE TABLE sqlite_sequence(name,seq);
CREATE TRIGGER answers_added AFTER INSERT ON answers BEGIN
    UPDATE answers_size SET bytes = bytes + new.size;
END;
CREATE TRIGGER answers_gone AFTER DELETE ON answers BEGIN
    UPDATE answers_size SET bytes = bytes - old.size;
END;
CREATE TRIGGER exchanges_added AFTER INSERT ON exchanges BEGIN
    UPDATE answers_size SET bytes = bytes + new.size;
END;
CREATE TRIGGER exchanges_gone AFTER DELETE ON exchanges BEGIN
    UPDATE answers_size SET bytes = bytes - old.size;
END;
CREATE TRIGGER findable_gone AFTER DELETE ON findable BEGIN
    DELETE FROM find WHERE rowid = old.id;
END;
