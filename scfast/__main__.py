from scfast.cli import main

main()
