
# `cargo stateless ..`: what is behind cargo's word is completed as above, all else as before.
_cargo_stateless_look() {
    local found
    found="$(complete -p cargo 2>/dev/null | sed -n 's/.* -F \([^ ]*\) .*/\1/p')"
    if [[ "$found" != _cargo_stateless_by_cargo ]]; then
        _cargo_stateless_before="$found"
    fi
}
_cargo_stateless_look
if [[ -z "${_cargo_stateless_before-}" ]] && declare -F _completion_loader >/dev/null; then
    _completion_loader cargo
    _cargo_stateless_look
fi

_cargo_stateless_by_cargo() {
    if [[ "${COMP_WORDS[1]-}" == stateless && "$COMP_CWORD" -gt 1 ]]; then
        COMP_WORDS=(cargo-stateless "${COMP_WORDS[@]:2}")
        COMP_CWORD=$((COMP_CWORD - 1))
        _cargo__stateless cargo-stateless "$2" "${COMP_WORDS[COMP_CWORD - 1]}"
    elif [[ -n "${_cargo_stateless_before-}" ]]; then
        "$_cargo_stateless_before" "$@"
    fi
}
complete -F _cargo_stateless_by_cargo -o bashdefault -o default cargo
