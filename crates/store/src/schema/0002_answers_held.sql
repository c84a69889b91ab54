-- Answers that something rests on which is still to be decided: limits do not reach them.
CREATE TABLE answers_held (digest BLOB PRIMARY KEY NOT NULL) STRICT, WITHOUT ROWID;
