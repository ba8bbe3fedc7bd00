"""The Docker Engine and Compose as the tools see them: the project, its containers, ports and `.env`."""
