CREATE TABLE task (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version integer NOT NULL DEFAULT 1,
    name text NOT NULL,
    notes text NOT NULL,
    created_by bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    modified_at timestamptz NOT NULL DEFAULT now(),
    completed boolean NOT NULL DEFAULT false,
    assignee bigint,
    due_on date,
    project bigint NOT NULL,
    section bigint NOT NULL,
    position bigint NOT NULL
) WITH (fillfactor = 85);
CREATE INDEX task_section ON task (section, position);
CREATE INDEX task_assignee ON task (assignee, id);
