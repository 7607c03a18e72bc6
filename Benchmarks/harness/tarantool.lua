-- One node of the pair: a primary that takes writes, or its replica. What differs comes in the
-- environment.
local is_primary = os.getenv('ROLE') == 'primary'
box.cfg({
    work_dir = os.getenv('FOLDER'),
    listen = os.getenv('LISTEN'),
    replication = is_primary and {} or { os.getenv('PRIMARY') },
    read_only = not is_primary,
    wal_mode = 'fsync',
    replication_synchro_quorum = 2,
    replication_synchro_timeout = 30,
    -- The pair stands still while other stores are measured, and shall not part over it.
    replication_timeout = 1800,
    memtx_memory = tonumber(os.getenv('MEMORY')),
    checkpoint_interval = 0,
    net_msg_max = 16384,
    readahead = 262144,
    log_level = 4,
})

if is_primary then
    box.once('schema', function()
        local task = box.schema.space.create('task', { id = 512, is_sync = true })
        task:format({
            { 'id', 'unsigned' }, { 'version', 'unsigned' }, { 'name', 'string' },
            { 'notes', 'string' }, { 'created_by', 'unsigned' }, { 'created_at', 'unsigned' },
            { 'modified_at', 'unsigned' }, { 'completed', 'boolean' },
            { 'assignee', 'unsigned' }, { 'due_on', 'unsigned' }, { 'project', 'unsigned' },
            { 'section', 'unsigned' }, { 'position', 'unsigned' },
        })
        box.schema.sequence.create('task')
        task:create_index('primary', { sequence = 'task' })
        task:create_index('section', { parts = { 'section', 'position' } })
        task:create_index('assignee', { parts = { 'assignee', 'id' } })
        box.schema.func.create('load')
        box.schema.user.grant('guest', 'read,write,execute,replication', 'universe', nil,
            { if_not_exists = true })
    end)
end

-- Inserts many tasks in one transaction. Returns the first one's id.
function load(tuples)
    box.begin()
    local first = box.space.task:insert(tuples[1])
    for index = 2, #tuples do
        box.space.task:insert(tuples[index])
    end
    box.commit()
    return first.id
end
