"""A small model that is read before any other, so that what most models need is loaded once and for all."""

from __future__ import annotations

from collections.abc import Iterator

import ifcopenshell

_SCHEMAS = ("IFC2X3", "IFC4")
_MODEL = """ISO-10303-21;
HEADER;
FILE_DESCRIPTION((''),'2;1');
FILE_NAME('','',(''),(''),'','','');
FILE_SCHEMA(('{schema}'));
ENDSEC;
DATA;
#1=IFCPROJECT('0000000000000000000001',$,'',$,$,$,$,(#2),#3);
#2=IFCGEOMETRICREPRESENTATIONCONTEXT($,'Model',3,1.E-5,#4,$);
#3=IFCUNITASSIGNMENT((#5));
#4=IFCAXIS2PLACEMENT3D(#6,$,$);
#5=IFCSIUNIT(*,.LENGTHUNIT.,$,.METRE.);
#6=IFCCARTESIANPOINT((0.,0.,0.));
#7=IFCLOCALPLACEMENT($,#4);
#8=IFCAXIS2PLACEMENT2D(#9,$);
#9=IFCCARTESIANPOINT((0.,0.));
#10=IFCDIRECTION((0.,0.,1.));
#11=IFCEXTRUDEDAREASOLID(#12,#4,#10,1.);
#12=IFCRECTANGLEPROFILEDEF(.AREA.,$,#8,1.,1.);
#13=IFCEXTRUDEDAREASOLID(#14,#4,#10,2.);
#14=IFCCIRCLEPROFILEDEF(.AREA.,$,#8,0.2);
#15=IFCBOOLEANRESULT(.DIFFERENCE.,#11,#13);
#16=IFCSHAPEREPRESENTATION(#2,'Body','CSG',(#15));
#17=IFCPRODUCTDEFINITIONSHAPE($,$,(#16));
#18=IFCSHAPEREPRESENTATION(#2,'Body','SweptSolid',(#11));
#19=IFCPRODUCTDEFINITIONSHAPE($,$,(#18));
#20=IFCBUILDINGELEMENTPROXY('0000000000000000000002',$,'',$,$,#7,#17,$,$);
#21=IFCBUILDINGELEMENTPROXY('0000000000000000000003',$,'',$,$,#7,#19,$,$);
#22=IFCPROPERTYSINGLEVALUE('P',$,IFCLENGTHMEASURE(1.),$);
#23=IFCPROPERTYSET('0000000000000000000004',$,'S',$,(#22));
#24=IFCRELDEFINESBYPROPERTIES('0000000000000000000005',$,$,$,(#20),#23);
ENDSEC;
END-ISO-10303-21;
"""


def first_models() -> Iterator[ifcopenshell.file]:
    """Yield a model in each of the versions of IFC that most models are of, with a body for either kernel."""
    for schema in _SCHEMAS:
        yield ifcopenshell.file.from_string(_MODEL.format(schema=schema))
