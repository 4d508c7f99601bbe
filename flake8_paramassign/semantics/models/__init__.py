"""What libraries do, by qualified name: one entry for a function, one for a method.

``base`` has the two tables. A module here fills them for one topic; ``load`` brings all of them in.
What has no entry is asked of the catalogue (torch) or of ``harmless``; what is there neither, is
unknown code.
"""
