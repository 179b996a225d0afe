"""The server that carries the lessons: Voila's pages and JupyterLab beside them."""
