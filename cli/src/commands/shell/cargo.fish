
# `cargo stateless ..`: what is behind cargo's word is completed as above.
function __cargo_stateless_by_cargo
    set -l words (commandline -opc)
    set -e words[1..2]
    complete -C "cargo-stateless $words "(commandline -ct)
end
complete -c cargo -n "__fish_seen_subcommand_from stateless" -f -a "(__cargo_stateless_by_cargo)"
complete -c cargo -n "__fish_use_subcommand" -f -a stateless -d "Find the state a Rust service keeps in its own process"
