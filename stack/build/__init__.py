"""Images built from source, for machines where no registry answers."""
