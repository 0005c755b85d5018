#compdef loong
# Completion of loong for zsh. Printed by `loong completion zsh`.
# All that can stand at the cursor is known to loong itself; this only asks it.

_loong() {
    local line word
    local -a found shown others
    for line in "${(@f)$("${(Q)words[1]/#\~/$HOME}" complete -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
        case $line in
            '') ;;
            :*) others+=("$line") ;;
            *)
                word=${line%%$'\t'*}
                found+=("$word")
                [[ $line == *$'\t'* ]] && word+="  -- ${line#*$'\t'}"
                shown+=("$word")
                ;;
        esac
    done
    # In the order given, and also what does not begin with what was typed (the ending of an id).
    (( $#found )) && compadd -U -V loong -l -d shown -a found
    for line in $others; do
        case $line in
            :files) _files ;;
            :directories) _files -/ ;;
            :commands) _command_names -e; _files ;;
        esac
    done
    return 0
}

if [[ $funcstack[1] == _loong ]]; then
    _loong "$@"
else
    compdef _loong loong
fi
