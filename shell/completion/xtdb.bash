# Completion of xtdb for bash: commands, options and their words, and file names.

_xtdb()
{
    local cur prev command i
    COMPREPLY=()
    cur=${COMP_WORDS[COMP_CWORD]}
    prev=${COMP_WORDS[COMP_CWORD-1]}
    for ((i = 1; i < COMP_CWORD; ++i)); do
        if [[ ${COMP_WORDS[i]} != -* ]]; then
            command=${COMP_WORDS[i]}
            break
        fi
    done

    if [[ -z $command ]]; then
        COMPREPLY=($(compgen -W "record import export tags stats check backup restore salvage
            compact retain mirror bench plot sql --help --version" -- "$cur"))
        return
    fi

    case $command$prev in
        import--format|export--format)
            COMPREPLY=($(compgen -W "csv json lines" -- "$cur")); return ;;
        import--layout) COMPREPLY=($(compgen -W "long wide" -- "$cur")); return ;;
        import--decimal) COMPREPLY=($(compgen -W "point comma" -- "$cur")); return ;;
        import--on-error) COMPREPLY=($(compgen -W "stop skip" -- "$cur")); return ;;
        import--time-format|import--unit)
            COMPREPLY=($(compgen -W "iso s ms us ns dmy mdy" -- "$cur")); return ;;
        import--timezone|mirror--timezone)
            COMPREPLY=($(compgen -W "$(sed -n 's/^[^#\t]*\t[^\t]*\t\([^\t]*\).*/\1/p' \
                /usr/share/zoneinfo/zone.tab 2>/dev/null) UTC" -- "$cur")); return ;;
    esac

    local options
    case $command in
        record) options="--interval --duration --tags" ;;
        import) options="--format --tag --delimiter --decimal --time-format --unit --timezone
            --header --no-header --layout --time-column --tag-column --value-column
            --quality-column --on-error --quality --commit-every" ;;
        export) options="--from --to --format --output --definitions --no-definitions" ;;
        tags) options="--json" ;;
        stats) options="--tags --json" ;;
        check) options="--json" ;;
        backup) options="--json" ;;
        restore) options="--force --json" ;;
        salvage) options="--json" ;;
        compact) options="--full --json" ;;
        retain) options="--keep --max-bytes --json" ;;
        mirror) options="--every --rollup --timezone --overlap --tags --full" ;;
        bench) options="--duration --json" ;;
        plot) options="--from --to --width --height --svg" ;;
        sql) options="--create --read-only" ;;
    esac
    if [[ $cur == -* ]]; then
        COMPREPLY=($(compgen -W "$options --help" -- "$cur"))
    else
        compopt -o filenames 2>/dev/null
        COMPREPLY=($(compgen -f -- "$cur"))
    fi
}

complete -F _xtdb xtdb
