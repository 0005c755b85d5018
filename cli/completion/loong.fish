# Completion of loong for fish. Printed by `loong completion fish`.
# All that can stand at the cursor is known to loong itself; this only asks it.

function __loong_complete
    set -l words (commandline -opc)
    # The words before are given as they are meant, the last one as it is typed.
    set -l current (string unescape -- (commandline -ct) 2>/dev/null; or commandline -ct)
    set -l program $words[1]
    set -e words[1]
    for line in ($program complete -- $words "$current" 2>/dev/null)
        switch $line
            case :files
                __fish_complete_path "$current"
            case :directories
                __fish_complete_directories "$current" ''
            case :commands
                __fish_complete_command
                __fish_complete_path "$current"
            case '*'
                echo $line
        end
    end
end

complete -c loong -f -k -a '(__loong_complete)'
