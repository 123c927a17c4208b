# Keeps a PostgreSQL server for whoever writes to standard input, and removes all of it once nobody
# does: that end of the pipe closes with its process, however it dies.
#
#   sh -c SCRIPT keeper INITDB POSTGRES PARENT..
#
# It first says in which folder, made in the first PARENT that can be written to, it keeps the
# server, then answers each order with one line, "done" or "failed".

initdb=$1 postgres=$2
shift 2
folder='' server=''

# The server is a child, so its number is nobody else's until it was waited for.
runs() { kill -0 "$server" 2>/dev/null; }

initialize() {
    "$initdb" --pgdata="$folder/data" --username=postgres --auth=trust --encoding=UTF8 --locale=C \
        --no-sync >"$folder/log" 2>&1
}

# The server writes its state to the eighth line of postmaster.pid, as pg_ctl reads it there. A file
# left by one that was killed has another number in the first.
accepts() {
    state=$(sed -n '1p;8p' "$folder/data/postmaster.pid" 2>/dev/null | tr -d ' \n')
    [ "$state" = "${server}ready" ]
}

start() {
    "$postgres" -D "$folder/data" >>"$folder/log" 2>&1 </dev/null &
    server=$! patience=1200
    while runs && [ $((patience -= 1)) -gt 0 ]; do
        accepts && return
        sleep 0.05
    done
    end KILL
    return 1
}

end() {
    [ -n "$server" ] || return 0
    kill "-$1" "$server" 2>/dev/null
    patience=400
    while runs && [ $((patience -= 1)) -gt 0 ]; do sleep 0.05; done
    # Without a checkpoint, and what does not end within five seconds the server kills.
    runs && kill -QUIT "$server"
    wait "$server"
    server=''
}

clean_up() {
    trap '' HUP INT TERM
    end INT
    rm -rf "$folder"
}

# However this ends, short of SIGKILL.
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

for parent; do
    folder=$(mktemp -d "$parent/db-bench.XXXXXX" 2>/dev/null) && break
done
if [ -z "$folder" ]; then
    echo failed
    exit 1
fi
echo "$folder"

while read -r order; do
    case $order in
    initialize) initialize ;;
    start) start ;;
    stop) end INT ;;
    kill) end KILL ;;
    *) false ;;
    esac && echo 'done' || echo failed
done
