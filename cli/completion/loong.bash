# Completion of loong for bash. Printed by `loong completion bash`.
# All that can stand at the cursor is known to loong itself; this only asks it.

_loong() {
    local program=${COMP_WORDS[0]/#\~/$HOME} joins=0 index word description
    local -a words=() descriptions=()
    # For bash, = and : are words of their own. loong takes them for parts of one.
    for ((index = 1; index <= COMP_CWORD; index++)); do
        word=${COMP_WORDS[index]#[\"\']}
        if [[ $word == [=:]* && ${#words[@]} -gt 0 ]]; then
            words[-1]+=$word
            joins=1
        elif ((joins)); then
            words[-1]+=$word
            joins=0
        else
            words+=("${word//\\/}")
        fi
    done
    local current=${words[-1]}
    local cut=${current%"${current##*[=:]}"}
    local plain=${current#"$cut"} fits=0 quoted

    COMPREPLY=()
    while IFS=$'\t' read -r word description; do
        case $word in
            :files)
                compopt -o filenames
                mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$plain")
                ;;
            :directories)
                compopt -o filenames
                mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -d -- "$plain")
                ;;
            :commands)
                compopt -o filenames
                mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -c -f -- "$plain" | sort -u)
                ;;
            *)
                [[ $word == "$current"* ]] && fits=1
                printf -v quoted %q "${word#"$cut"}"
                descriptions[${#COMPREPLY[@]}]=$description
                COMPREPLY+=("$quoted")
                ;;
        esac
    done < <("$program" complete -- "${words[@]}" 2>/dev/null)

    # Found by an ending or a label: bash could only put in what several have in common, which says
    # less than what was typed.
    if ((${#COMPREPLY[@]} > 1 && ${#descriptions[@]} > 0 && !fits)); then
        COMPREPLY=()
        return
    fi
    # Descriptions are for a list that is shown; what is put in must be the word alone.
    if ((${#COMPREPLY[@]} > 1)) && [[ ${COMP_TYPE-} == 63 || ${COMP_TYPE-} == 33 ]]; then
        for index in "${!descriptions[@]}"; do
            [[ -n ${descriptions[index]} ]] && COMPREPLY[index]+="  (${descriptions[index]})"
        done
    fi
}

# Older ones than bash 4.4 sort what is given to them.
complete -o nosort -F _loong loong 2>/dev/null || complete -F _loong loong
