"""Print the folder of the Node.js that builds the page."""

from build_page import node_folder

print(node_folder())
